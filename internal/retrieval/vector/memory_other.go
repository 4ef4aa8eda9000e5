//go:build !unix

package vector

func reserve(n int) (all []uint8, free func([]uint8)) { return make([]uint8, n), func([]uint8) {} }
