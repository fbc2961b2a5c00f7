/* folder.h - where a test writes: folders of its own where TMPDIR says. */
#ifndef XG_TESTS_LIB_FOLDER_H
#define XG_TESTS_LIB_FOLDER_H

/* A folder's path, and room for what lies in it. */
enum { TEST_FOLDER_SIZE = 256, TEST_PATH_SIZE = 512 };

/* Make one. `name` says whose it is, should it be left. */
void test_folder_make(char folder[static TEST_FOLDER_SIZE], const char *name);

/* With whatever is in it. A test that looks whether anything was left there
 * removes its own files and then the folder by rmdir(). */
void test_folder_remove(const char *folder);

#endif
