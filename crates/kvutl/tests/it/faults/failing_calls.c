/* Preloaded into a process: fails the call with number FAULT_AT, counted over all calls below that are about files in
 * FAULT_DIRECTORY, with the error FAULT_ERROR. When the process ends, the count is written to FAULT_COUNT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int is_ours(const char *path) {
    const char *directory = getenv("FAULT_DIRECTORY");
    return directory && path && !strncmp(path, directory, strlen(directory));
}

static int is_our_file(int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

/* Says whether this call is the one to fail. */
static int fails(int ours) {
    if (!ours) return 0;
    const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERROR");
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (!at || number != atol(at)) return 0;
    errno = error ? atoi(error) : EIO;
    return 1;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = dlsym(RTLD_NEXT, #name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        REAL(name); \
        return fails(is_ours(path)) ? -1 : real(path, flags, mode); \
    }

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        REAL(name); \
        return fails(*path == '/' ? is_ours(path) : is_our_file(directory)) ? -1 : real(directory, path, flags, mode); \
    }

#define ON_PATH(name, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        return fails(is_ours(path)) ? -1 : real arguments; \
    }

#define ON_FILE(type, name, parameters, arguments) \
    type name parameters { \
        REAL(name); \
        return fails(is_our_file(file)) ? (type)-1 : real arguments; \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
ON_FILE(ssize_t, write, (int file, const void *from, size_t bytes), (file, from, bytes))
ON_FILE(ssize_t, pwrite, (int file, const void *from, size_t bytes, off_t at), (file, from, bytes, at))
ON_FILE(ssize_t, pwrite64, (int file, const void *from, size_t bytes, off64_t at), (file, from, bytes, at))
ON_FILE(ssize_t, writev, (int file, const struct iovec *from, int count), (file, from, count))
ON_FILE(ssize_t, pwritev, (int file, const struct iovec *from, int count, off_t at), (file, from, count, at))
ON_FILE(int, fsync, (int file), (file))
ON_FILE(int, fdatasync, (int file), (file))
ON_FILE(int, ftruncate, (int file, off_t length), (file, length))
ON_FILE(int, ftruncate64, (int file, off64_t length), (file, length))
ON_FILE(int, fallocate, (int file, int mode, off_t at, off_t length), (file, mode, at, length))
ON_FILE(int, fallocate64, (int file, int mode, off64_t at, off64_t length), (file, mode, at, length))
ON_FILE(int, fstatvfs, (int file, struct statvfs *into), (file, into))
ON_FILE(int, fstatvfs64, (int file, struct statvfs64 *into), (file, into))
ON_FILE(int, flock, (int file, int operation), (file, operation))
ON_PATH(statvfs, (const char *path, struct statvfs *into), (path, into))
ON_PATH(statvfs64, (const char *path, struct statvfs64 *into), (path, into))
ON_PATH(rename, (const char *path, const char *to), (path, to))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(unlink, (const char *path), (path))

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t at) {
    REAL(mmap);
    return file >= 0 && fails(is_our_file(file)) ? MAP_FAILED : real(address, bytes, protection, flags, file, at);
}

void *mmap64(void *address, size_t bytes, int protection, int flags, int file, off64_t at) {
    REAL(mmap64);
    return file >= 0 && fails(is_our_file(file)) ? MAP_FAILED : real(address, bytes, protection, flags, file, at);
}
