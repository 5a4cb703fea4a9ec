// Package leak measures what comes back through a SIPC channel: it has a
// receiver leak random bits to the sender by the times at which it takes
// messages, and says how many of them arrive. It also has the formulas of the bounds that
// docs/sipc-leaks.md derives, and tries the other ways back, which a policy has to
// close.
//
// Both ends are processes of their own: the program that measures starts itself
// again, so its main function, or TestMain, must call [Act] first.
//
// What is measured is what this attacker achieves, which is less than the
// capacity. It is no proof that no better one exists; the bounds are.
package leak
