# A part of the program xunge-sync, which has no library.
target_sources(test_shut PRIVATE ${CMAKE_SOURCE_DIR}/agent/sync/shut.c)
