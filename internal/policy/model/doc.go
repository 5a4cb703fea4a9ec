// Package model holds a whole SELinux policy as sets: which types an attribute
// has, which permissions a class, and what every allow rule grants. What
// reasons about a policy (packages proof and flow) begins with it.
//
// It knows a policy's type enforcement only. Roles, users, levels and type bounds
// are passed over, and constraints are kept beside the rules: all of them only take
// away, so a policy allows no more than its model does. Rules under a boolean are kept with their
// condition; it is for the reader to say whether they count. A statement that
// is neither known nor known to be harmless is an error: what cannot be read
// must not be reasoned about.
//
// The package reads policies that are written as flat CIL, such as checkpolicy
// prints, and modules on top of them. It compiles nothing and judges nothing.
package model
