# xg_embed_sql(target prefix folder) - SQL files become C arrays.
#
# folder/queries.sql      statements, each after a line `-- name: some_name`;
#                         lines that begin with `--` are comments. What
#                         several share stands before the first of them, each
#                         after a line `-- part: some_part`, and is put where
#                         `@some_part@` stands, in parts that follow too
# folder/0001_name.sql    migrations, numbered from 1 without a gap
# folder/newest.sql       what they all lead to, of which a new file is made;
#                         without it a new file gets them one by one
#
# gives generated/<prefix>_sql.h and .c: `enum <prefix>_stmt` and
# `const struct xg_sql <prefix>_sql` (shared/db/db.h), and adds the .c to the
# target. Without queries.sql it does nothing. The files are made when CMake
# configures, which a change of any of the SQL files, or a new one, repeats.
#
# The texts are arrays of characters, since C99 promises only 4095 of them for
# a string. A migration's checksum is the SHA-256 of its file.

# "ab" becomes 'a','b',0 in hexadecimal.
function(xg_sql_bytes out hex)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
    string(REPEAT "......," 8 line)
    string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
    set(${out} "${bytes}0" PARENT_SCOPE)
endfunction()

function(xg_sql_write path text)
    if(EXISTS ${path})
        file(READ ${path} old)
        if(old STREQUAL text)
            return()
        endif()
    endif()
    file(WRITE ${path} "${text}")
endfunction()

# Cut the parts from the beginning of queries.sql: the names of the parts and,
# as sql_part_NAME, their texts.
function(xg_sql_parts file head)
    set(mark "\n-- part: ")
    string(LENGTH "${mark}" mark_length)
    set(parts "")
    string(FIND "${head}" "${mark}" at)
    while(NOT at EQUAL -1)
        math(EXPR at "${at} + ${mark_length}")
        string(SUBSTRING "${head}" ${at} -1 head)
        string(FIND "${head}" "\n" line_end)
        string(SUBSTRING "${head}" 0 ${line_end} name)
        string(STRIP "${name}" name)
        string(SUBSTRING "${head}" ${line_end} -1 head)
        string(FIND "${head}" "${mark}" at)
        string(SUBSTRING "${head}" 0 ${at} body)
        string(REGEX REPLACE "\n[ \t]*--[^\n]*" "" body "${body}")
        string(STRIP "${body}" body)
        if(NOT name MATCHES "^[a-z][a-z0-9_]*$" OR body STREQUAL "")
            message(FATAL_ERROR "${file}: bad or empty part '${name}'")
        endif()
        foreach(part ${parts})
            string(REPLACE "@${part}@" "${sql_part_${part}}" body "${body}")
        endforeach()
        list(APPEND parts ${name})
        set(sql_part_${name} "${body}")
        set(sql_part_${name} "${body}" PARENT_SCOPE)
    endwhile()
    set(parts "${parts}" PARENT_SCOPE)
endfunction()

# Cut queries.sql at its name lines. Sets names (a list), enums, arrays and
# pointers (C text) in the caller.
function(xg_sql_statements prefix file)
    string(TOUPPER ${prefix} upper)
    file(READ ${file} rest)
    string(PREPEND rest "\n")
    set(mark "\n-- name: ")
    string(LENGTH "${mark}" mark_length)
    set(names "")
    string(FIND "${rest}" "${mark}" at)
    string(SUBSTRING "${rest}" 0 ${at} head)
    xg_sql_parts(${file} "${head}")
    while(NOT at EQUAL -1)
        math(EXPR at "${at} + ${mark_length}")
        string(SUBSTRING "${rest}" ${at} -1 rest)
        string(FIND "${rest}" "\n" line_end)
        string(SUBSTRING "${rest}" 0 ${line_end} name)
        string(STRIP "${name}" name)
        string(SUBSTRING "${rest}" ${line_end} -1 rest)
        string(FIND "${rest}" "${mark}" at)
        string(SUBSTRING "${rest}" 0 ${at} body)
        string(REGEX REPLACE "\n[ \t]*--[^\n]*" "" body "${body}")
        string(STRIP "${body}" body)
        foreach(part ${parts})
            string(REPLACE "@${part}@" "${sql_part_${part}}" body "${body}")
        endforeach()
        if(NOT name MATCHES "^[a-z][a-z0-9_]*$" OR body STREQUAL "")
            message(FATAL_ERROR "${file}: bad or empty statement '${name}'")
        elseif(name IN_LIST names)
            message(FATAL_ERROR "${file}: '${name}' is there twice")
        endif()
        list(APPEND names ${name})
        string(TOUPPER ${name} constant)
        string(APPEND enums "    ${upper}_STMT_${constant},\n")
        string(HEX "${body}" hex)
        xg_sql_bytes(bytes "${hex}")
        string(APPEND arrays
            "static const char sql_${name}[] = {\n    ${bytes}};\n")
        string(APPEND texts "    sql_${name},\n")
        string(APPEND strings "    \"${name}\",\n")
    endwhile()
    if(NOT names)
        message(FATAL_ERROR "${file}: no statement")
    endif()
    string(APPEND enums "    ${upper}_STMT_COUNT\n")
    set(enums "${enums}" PARENT_SCOPE)
    set(arrays "${arrays}" PARENT_SCOPE)
    set(texts "${texts}" PARENT_SCOPE)
    set(strings "${strings}" PARENT_SCOPE)
endfunction()

# Sets migrations (C text) and migration_count in the caller.
function(xg_sql_migrations)
    set(number 0)
    set(arrays "")
    set(rows "")
    foreach(file ${ARGN})
        math(EXPR number "${number} + 1")
        get_filename_component(name ${file} NAME_WE)
        if(NOT name MATCHES "^0*${number}_[a-z0-9_]+$")
            message(FATAL_ERROR "${file}: migration ${number} is expected here")
        endif()
        file(READ ${file} hex HEX)
        xg_sql_bytes(bytes "${hex}")
        file(SHA256 ${file} sum)
        string(REGEX REPLACE "(..)" "0x\\1," sum "${sum}")
        string(REPEAT "0x..," 8 line)
        string(REGEX REPLACE "(${line})" "\\1\n       " sum "${sum}")
        string(APPEND arrays
            "static const char migration_${number}[] = {\n    ${bytes}};\n")
        string(APPEND rows
            "    {\"${name}\", migration_${number}, {{\n       ${sum}}}},\n")
    endforeach()
    if(number GREATER 0)
        string(APPEND arrays
            "static const struct xg_migration migrations[] = {\n${rows}};\n")
    endif()
    set(migrations "${arrays}" PARENT_SCOPE)
    set(migration_count ${number} PARENT_SCOPE)
endfunction()

function(xg_embed_sql target prefix folder)
    set(source ${CMAKE_SOURCE_DIR}/${folder})
    set(made ${CMAKE_BINARY_DIR}/generated/${prefix}_sql)
    file(GLOB files CONFIGURE_DEPENDS ${source}/*.sql)
    get_target_property(type ${target} TYPE)
    if(NOT EXISTS ${source}/queries.sql OR type STREQUAL INTERFACE_LIBRARY)
        return()
    endif()
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY
        CMAKE_CONFIGURE_DEPENDS ${files})
    list(REMOVE_ITEM files ${source}/queries.sql ${source}/newest.sql)
    list(SORT files)

    xg_sql_statements(${prefix} ${source}/queries.sql)
    xg_sql_migrations(${files})
    string(TOUPPER ${prefix} upper)
    set(table NULL)
    if(migration_count GREATER 0)
        set(table migrations)
    endif()
    set(newest NULL)
    if(EXISTS ${source}/newest.sql)
        file(READ ${source}/newest.sql hex HEX)
        xg_sql_bytes(bytes "${hex}")
        string(APPEND migrations "static const char newest[] = {\n    ${bytes}};\n")
        set(newest newest)
    endif()
    set(note "/* Made from ${folder} by cmake/EmbedSql.cmake. */\n")
    xg_sql_write(${made}.h "${note}#ifndef XG_GENERATED_${upper}_SQL_H
#define XG_GENERATED_${upper}_SQL_H

#include \"shared/db/db.h\"

enum ${prefix}_stmt {
${enums}};

extern const struct xg_sql ${prefix}_sql;

#endif
")
    xg_sql_write(${made}.c "${note}#include \"${prefix}_sql.h\"

${arrays}
static const char *const names[] = {
${strings}};

static const char *const statements[] = {
${texts}};

${migrations}
const struct xg_sql ${prefix}_sql = {
    names, statements, ${upper}_STMT_COUNT, ${table}, ${migration_count},
    ${newest}};
")
    target_sources(${target} PRIVATE ${made}.c)
endfunction()

# The statements of the database room itself, and of its test. Deferred: their
# targets are declared after this file is included.
function(xg_embed_sql_of_db)
    xg_embed_sql(xg_db xg_db shared/db/sql)
    if(TARGET test_db)
        xg_embed_sql(test_db test tests/data/sql)
    endif()
endfunction()
cmake_language(DEFER CALL xg_embed_sql_of_db)
