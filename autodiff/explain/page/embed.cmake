# SPDX-License-Identifier: MIT
# Makes a source of the files in this folder, so that a page can be written without any file beside the library.
#   cmake -DFOLDER=... -DOUTPUT=page_assets.cpp -P embed.cmake
cmake_minimum_required(VERSION 3.25)
set(text "// Made from the files in autodiff/explain/page.\n#include \"autodiff/explain/page.hpp\"\n\nnamespace autodiff {\ninline namespace v1 {\nnamespace page {\n\n")
foreach(pair style:page.css script:page.js controls:controls.html drill:drill.html dialogs:dialogs.html)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 file)
    file(READ ${FOLDER}/${file} content)
    # Compilers limit the length of one literal: a chain of shorter ones.
    string(LENGTH "${content}" length)
    string(APPEND text "const std::string_view ${name} =")
    set(at 0)
    while(at LESS length)
        string(SUBSTRING "${content}" ${at} 8000 part)
        string(APPEND text "\n    R\"WENGERT(${part})WENGERT\"")
        math(EXPR at "${at} + 8000")
    endwhile()
    string(APPEND text ";\n\n")
endforeach()
string(APPEND text "}  // namespace page\n}  // namespace v1\n}  // namespace autodiff\n")
file(WRITE ${OUTPUT} "${text}")
