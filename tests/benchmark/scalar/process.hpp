// SPDX-License-Identifier: MIT
/// A program that one talks to through its standard input and output, line by line; and the CPU that it and we run on.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace benchmark {

class Process {
  public:
    Process(const std::string& program, const std::vector<std::string>& arguments) {
        std::signal(SIGPIPE, SIG_IGN);  // a program that ended says so by an empty line
        int to[2], from[2];
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) std::abort();
        id_ = fork();
        if (id_ == 0) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
            std::vector<char*> list{const_cast<char*>(program.c_str())};
            for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
            list.push_back(nullptr);
            execv(list[0], list.data());
            _exit(127);
        }
        close(to[0]), close(from[1]);
        in_ = fdopen(from[0], "r"), out_ = fdopen(to[1], "w");
    }
    ~Process() { wait(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void write(const char* text) {
        std::fputs(text, out_);
        std::fflush(out_);
    }
    /// Without the newline; empty when the program has ended.
    std::string read_line() {
        std::string line;
        for (int c = std::fgetc(in_); c != EOF && c != '\n'; c = std::fgetc(in_)) line += static_cast<char>(c);
        return line;
    }
    /// Closes its input, which ends it, and returns its exit status.
    int wait() {
        if (id_ <= 0) return status_;
        std::fclose(out_);
        std::fclose(in_);
        int status = 0;
        waitpid(id_, &status, 0);
        id_ = 0;
        return status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }

  private:
    pid_t id_ = 0;
    std::FILE *in_ = nullptr, *out_ = nullptr;
    int status_ = 0;
};

/// Pins this process and those that it starts to the last CPU it may use; -1 if that is not possible.
inline int pin_to_one_cpu() {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
    int last = -1;
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(i, &allowed)) last = i;
    if (last < 0) return -1;
    CPU_ZERO(&allowed);
    CPU_SET(static_cast<unsigned>(last), &allowed);
    return sched_setaffinity(0, sizeof allowed, &allowed) == 0 ? last : -1;
}

}  // namespace benchmark
