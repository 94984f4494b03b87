# SPDX-License-Identifier: MIT
# Objects that are compiled for one instruction set must share no function with the rest of a program: the linker keeps one copy of an
# inline function or template for all, and if that were theirs, CPUs without the set would crash far from any kernel. So every weak symbol
# of them must name its architecture (as every function of a Pack does) or its set, or be local. Containers and strings of the standard
# library are such functions too: sources of a set do without.
#   cmake -DNM=... -DOBJECTS=a.o,b.o -P apart.cmake
cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" objects "${OBJECTS}")
if(NOT objects)
    message(FATAL_ERROR "no object to look at")
endif()
set(shared "")
foreach(object IN LISTS objects)
    execute_process(COMMAND ${NM} --demangle --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE ";" "," symbols "${symbols}")
    string(REPLACE "[" "(" symbols "${symbols}")
    string(REPLACE "]" ")" symbols "${symbols}")
    string(REPLACE "\n" ";" symbols "${symbols}")
    list(FILTER symbols INCLUDE REGEX "^[0-9a-f]+ [WT] ")
    list(FILTER symbols EXCLUDE REGEX "xsimd::avx512|xsimd::fma3<xsimd::avx2>|InstructionSet\\)[12]")
    list(TRANSFORM symbols PREPEND "${object}: ")
    list(APPEND shared ${symbols})
endforeach()
if(shared)
    list(JOIN shared "\n  " text)
    message(FATAL_ERROR "functions that a program without the instruction set might be given:\n  ${text}")
endif()
