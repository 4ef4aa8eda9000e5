package vector

import (
	"slices"

	"golang.org/x/sys/cpu"
)

//go:noescape
func rowsVNNI(out *int32, rows *uint8, n, dim int, query *int8)

//go:noescape
func rowsAVX2(out *int32, rows *uint8, n, dim int, query *int8)

// kernels are the ways of this processor to compute, the fastest first.
func kernels() []kernel {
	all := []kernel{{"go", dotsGo}}
	if cpu.X86.HasAVX2 {
		all = append(all, kernel{"avx2", func(out []int32, rows []uint8, query []int8) {
			rowsAVX2(&out[0], &rows[0], len(out), len(query), &query[0])
		}})
	}
	if cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VNNI {
		all = append(all, kernel{"vnni", func(out []int32, rows []uint8, query []int8) {
			rowsVNNI(&out[0], &rows[0], len(out), len(query), &query[0])
		}})
	}
	slices.Reverse(all)
	return all
}
