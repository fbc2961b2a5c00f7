# xg_embed_page(target prefix root built) - a page becomes C arrays.
#
# Builds the page whose sources lie in `root` (packaging/page.sh: npm and vite),
# and beside it checks the types of all pages, once; or takes `built`, where a
# release tarball has it ready. Compresses each file once and adds
# generated/<prefix>_assets.c to the target, which defines
#
#       const struct xg_asset <prefix>_assets[];
#       const size_t <prefix>_asset_count;
#
# of shared/web/asset.h. Run as a script (cmake -P) it writes that file.
if(CMAKE_SCRIPT_MODE_FILE)
    # PREFIX, FROM (the built page), TO (the C file).
    file(GLOB_RECURSE files RELATIVE ${FROM} ${FROM}/*)
    list(SORT files)
    set(arrays "")
    set(rows "")
    set(number 0)
    foreach(file IN LISTS files)
        string(REGEX MATCH "\\.[a-z0-9]+$" extension ${file})
        if(extension STREQUAL ".html")
            set(type "text/html; charset=utf-8")
        elseif(extension STREQUAL ".js")
            set(type "text/javascript; charset=utf-8")
        elseif(extension STREQUAL ".css")
            set(type "text/css; charset=utf-8")
        elseif(extension STREQUAL ".png")
            set(type "image/png")
        elseif(extension STREQUAL ".svg")
            set(type "image/svg+xml")
        else()
            message(FATAL_ERROR "${file}: of what type is that?")
        endif()
        set(immutable false)
        if(file MATCHES "^assets/.+-[A-Za-z0-9_-]+\\.[a-z]+$")
            set(immutable true)
        endif()
        # Once, for all who will ever read it: zopfli finds five per cent more.
        execute_process(COMMAND zopfli -c ${FROM}/${file}
            OUTPUT_FILE ${TO}.gz COMMAND_ERROR_IS_FATAL ANY)
        file(READ ${TO}.gz hex HEX)
        file(REMOVE ${TO}.gz)
        file(SIZE ${FROM}/${file} size)
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
        string(REPEAT "....." 15 line)
        string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
        string(APPEND arrays "static const unsigned char asset_${number}[] = {\n    ${bytes}};\n")
        string(APPEND rows "    {\"/${file}\", \"${type}\", asset_${number}, sizeof asset_${number}, ${size}, ${immutable}},\n")
        math(EXPR number "${number} + 1")
    endforeach()
    if(number EQUAL 0)
        message(FATAL_ERROR "${FROM}: there is no page")
    endif()
    file(WRITE ${TO} "/* Made by cmake/EmbedPage.cmake. */
#include \"shared/web/asset.h\"

${arrays}
extern const struct xg_asset ${PREFIX}_assets[];
extern const size_t ${PREFIX}_asset_count;

const struct xg_asset ${PREFIX}_assets[] = {
${rows}};
const size_t ${PREFIX}_asset_count = ${number};
")
    return()
endif()

set(xg_embed_page_script ${CMAKE_CURRENT_LIST_FILE})

# The target page-types: every page's, in one run of the compiler.
function(xg_page_types)
    if(TARGET page-types)
        return()
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/agent/ui/page/*.ts* ${CMAKE_SOURCE_DIR}/server/console/page/*.ts*
        ${CMAKE_SOURCE_DIR}/shared/page/*.ts* ${CMAKE_SOURCE_DIR}/shared/page/*.json)
    list(FILTER sources EXCLUDE REGEX "/(node_modules|dist)/")
    set(stamp ${CMAKE_BINARY_DIR}/generated/page_types)
    add_custom_command(OUTPUT ${stamp}
        COMMAND sh ${CMAKE_SOURCE_DIR}/packaging/page.sh types
        COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/packaging/page.sh
        COMMENT "Types of the pages" VERBATIM)
    add_custom_target(page-types DEPENDS ${stamp})
endfunction()

function(xg_embed_page target prefix root built)
    set(generated ${CMAKE_BINARY_DIR}/generated)
    set(c_file ${generated}/${prefix}_assets.c)
    file(MAKE_DIRECTORY ${generated})
    if(EXISTS ${CMAKE_SOURCE_DIR}/${built}/index.html)
        set(from ${CMAKE_SOURCE_DIR}/${built})
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${from}/*)
        set(build "")
    else()
        find_program(NPM_PROGRAM npm)
        if(NOT NPM_PROGRAM)
            message(FATAL_ERROR "The page of ${target} is built with npm, which is not here. "
                "Install it (sh packaging/dependencies.sh build), or build from a release "
                "tarball, which has it ready in ${built}.")
        endif()
        set(from ${CMAKE_BINARY_DIR}/page/${prefix})
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS
            ${CMAKE_SOURCE_DIR}/${root}/*.ts* ${CMAKE_SOURCE_DIR}/${root}/*.css
            ${CMAKE_SOURCE_DIR}/${root}/*.html
            ${CMAKE_SOURCE_DIR}/shared/page/*.ts* ${CMAKE_SOURCE_DIR}/shared/page/*.css
            ${CMAKE_SOURCE_DIR}/shared/page/*.json)
        list(FILTER sources EXCLUDE REGEX "/(node_modules|dist)/")
        set(build COMMAND sh ${CMAKE_SOURCE_DIR}/packaging/page.sh ${root} ${from})
        xg_page_types()
        add_dependencies(${target} page-types)
    endif()
    add_custom_command(OUTPUT ${c_file}
        ${build}
        COMMAND ${CMAKE_COMMAND} -DPREFIX=${prefix} -DFROM=${from} -DTO=${c_file}
            -P ${xg_embed_page_script}
        DEPENDS ${sources} ${xg_embed_page_script} ${CMAKE_SOURCE_DIR}/packaging/page.sh
        COMMENT "Page of ${target}" VERBATIM)
    target_sources(${target} PRIVATE ${c_file})
endfunction()
