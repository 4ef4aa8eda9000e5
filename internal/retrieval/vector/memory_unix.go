//go:build unix

package vector

import "golang.org/x/sys/unix"

// reserve is n zeroed bytes outside of Go's heap, and what gives them back. Where the system has none it is ordinary memory.
func reserve(n int) (all []uint8, free func([]uint8)) {
	all, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]uint8, n), func([]uint8) {}
	}
	if n >= slab {
		large(all)
	}
	return all, func(all []uint8) { _ = unix.Munmap(all) }
}
