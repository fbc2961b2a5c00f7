# The table is part of a program, not of a library.
target_sources(test_calls PRIVATE ${CMAKE_SOURCE_DIR}/agent/ui/calls.c)
target_link_libraries(test_calls PRIVATE xg_call)
add_dependencies(test_calls xunge)
