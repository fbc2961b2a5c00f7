# The commands are part of a program, not of a library: all but its main.
file(GLOB server_cli CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/server/cli/*.c)
list(FILTER server_cli EXCLUDE REGEX "/main\\.c$")
target_sources(test_console PRIVATE ${server_cli})
target_link_libraries(test_console PRIVATE xg_console)
