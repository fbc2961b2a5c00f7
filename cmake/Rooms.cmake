# A room is a folder of C files that becomes one static library, a house is
# several rooms that become one together; a program is a folder that becomes
# one executable. Only the folder itself counts, not the folders below it. The
# programs lie side by side in build/bin, as they do when installed, so
# that each finds the others beside itself.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

function(xg_room name folder)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
    if(NOT sources)
        add_library(xg_${name} INTERFACE)
        list(TRANSFORM ARGN REPLACE "^PUBLIC$" "INTERFACE")
        target_link_libraries(xg_${name} ${ARGN})
        return()
    endif()
    add_library(xg_${name} STATIC ${sources})
    target_link_libraries(xg_${name} PUBLIC xg_flags)
    target_link_libraries(xg_${name} ${ARGN})
endfunction()

# xg_house(name place room... PUBLIC library...)
function(xg_house name place)
    cmake_parse_arguments(house "" "" "PUBLIC" ${ARGN})
    set(sources "")
    foreach(room IN LISTS house_UNPARSED_ARGUMENTS)
        file(GLOB some CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${place}/${room}/*.c)
        if(NOT some)
            message(FATAL_ERROR "${place}/${room} holds no C file.")
        endif()
        list(APPEND sources ${some})
    endforeach()
    add_library(xg_${name} STATIC ${sources})
    target_link_libraries(xg_${name} PUBLIC xg_flags ${house_PUBLIC})
endfunction()

function(xg_program name folder)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE xg_flags ${ARGN})
endfunction()
