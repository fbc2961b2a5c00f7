# What syncs for the page is part of a program, not of a library.
target_sources(test_ui_sync PRIVATE
    ${CMAKE_SOURCE_DIR}/agent/ui/calls.c ${CMAKE_SOURCE_DIR}/agent/ui/hub.c
    ${CMAKE_SOURCE_DIR}/agent/ui/run.c ${CMAKE_SOURCE_DIR}/agent/ui/sync.c)
target_link_libraries(test_ui_sync PRIVATE xg_call)
