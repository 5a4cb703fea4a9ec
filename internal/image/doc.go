// Package image makes, caches, exports and imports the guest image: a Debian
// with SELinux on, as a raw ext4 file system, its kernel and initramfs, and the
// flattened policy that lab modules are compiled against.
//
// An image is a directory whose name is a digest of everything that goes into
// it. It gets that name only when it is whole; image.json, inside it, holds a
// checksum of each file. What boots an image is package machine/qemu.
package image
