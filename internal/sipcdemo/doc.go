// Package sipcdemo lets two processes use a real channel and tells, step by
// step, what they did. It starts a helper, which makes the channel and exits, a
// sender and a receiver; each of the two reports its steps through package
// sipc's trace. What is shown is what happened, in an order that agrees with both.
//
// It knows nothing of terminals: whoever calls [Run] is given the events of a
// sequence diagram. It is no way to use a channel; that is package sipc.
//
// Processes, and what they hold of each other:
//
//   - The keeper starts the helper, says what it made, and removes it as soon as its
//     stdin ends: when Run is done, or when the process that called Run has died,
//     by whatever.
//   - An end writes its steps to descriptor 3. On descriptor 4 it gets a byte for
//     each step that it may make; when that ends, the end ends.
package sipcdemo
