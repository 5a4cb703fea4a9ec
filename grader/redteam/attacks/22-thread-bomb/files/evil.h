/* Starts tasks as fast as it can, in one process. */
#include <sched.h>
#include <sys/mman.h>

static int spin(void *nothing)
{
	(void)nothing;
	for (;;)
		;
	return 0;
}

static void evil(const char *path)
{
	(void)path;
	for (;;) {
		char *stack = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		clone(spin, stack + 16384, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL);
	}
}
