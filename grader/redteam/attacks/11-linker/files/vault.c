/* Does nothing of the task: what it tries, it tries while it is built. */
int main(void)
{
	return 0;
}
