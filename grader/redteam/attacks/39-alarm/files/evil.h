/* Timers that never end. */
#include <signal.h>
#include <sys/time.h>

static void evil(const char *path)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	(void)path;
	for (int s = 1; s < 32; s++)
		signal(s, SIG_IGN);
	setitimer(ITIMER_REAL, &often, NULL);
	setitimer(ITIMER_VIRTUAL, &often, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	if (fork() == 0) {
		int tty = getppid() != 1;
		for (int i = 0; i < 5000 && tty; i++) {
			kill(0, SIGALRM);
			kill(getppid(), SIGALRM);
			usleep(500);
		}
		_exit(0);
	}
	static const int all[] = { SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGTERM };
	if (getuid() == 0) /* in the proof: the parent is the grader */
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			kill(getppid(), all[i]);
}
