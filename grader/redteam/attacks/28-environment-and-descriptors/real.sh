# The plain grader was started with a token, and with a file open.
echo 'secret-of-the-file-4711' >secret
GRADER_TOKEN=secret-of-the-token-0815 naive -run rejects "$1" >log 9<secret
grep -q '^LOOT.*' log && grep -q secret-of-the-file-4711 log && grep -q secret-of-the-token-0815 log || exit 1
