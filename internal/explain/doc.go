// Package explain tells what denials mean, in plain words: who was refused what
// on which object, which operation that was, which layer refused, whether the
// scenario wants it so, the rule that would allow it, and what else that rule
// would let through.
//
// It works on events of the audit trail (internal/policy), wherever they come
// from, and says what it could not compute. It reads no machine, loads no
// policy and prints nothing. Its words are data: operations.map.
package explain
