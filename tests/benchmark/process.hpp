// SPDX-License-Identifier: MIT
/// A program that one talks to through its standard input and output, line by line; and the CPUs that it and we run on.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
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
    /// `environment`: settings NAME=value beside those that this process has.
    Process(const std::string& program, const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {}) {
        std::signal(SIGPIPE, SIG_IGN);  // a program that ended says so by an empty line
        int to[2], from[2];
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) std::abort();
        id_ = fork();
        if (id_ == 0) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
            for (const std::string& setting : environment) putenv(const_cast<char*>(setting.c_str()));
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

    /// The line that it answers to a line; empty when it has ended.
    std::string ask(const std::string& line) {
        std::fprintf(out_, "%s\n", line.c_str());
        std::fflush(out_);
        return read_line();
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
        wait4(id_, &status, 0, &usage_);
        id_ = 0;
        return status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }
    /// What it took, after wait().
    [[nodiscard]] std::size_t peak_bytes() const { return static_cast<std::size_t>(usage_.ru_maxrss) * 1024; }
    [[nodiscard]] double cpu_seconds() const {
        const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
        return seconds(usage_.ru_utime) + seconds(usage_.ru_stime);
    }

  private:
    pid_t id_ = 0;
    std::FILE *in_ = nullptr, *out_ = nullptr;
    int status_ = 0;
    rusage usage_{};
};

/// Pins this process and those that it starts from now on to the last `count` of the CPUs that it could use at first; returns to how many.
/// 0 if that is not possible.
inline int pin_to_cpus(int count) {
    static const cpu_set_t allowed = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    for (unsigned i = CPU_SETSIZE; i-- > 0 && CPU_COUNT(&chosen) < count;)
        if (CPU_ISSET(i, &allowed)) CPU_SET(i, &chosen);
    return sched_setaffinity(0, sizeof chosen, &chosen) == 0 ? CPU_COUNT(&chosen) : 0;
}

}  // namespace benchmark
