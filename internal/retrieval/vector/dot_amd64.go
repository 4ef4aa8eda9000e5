package vector

import (
	"slices"

	"golang.org/x/sys/cpu"
)

// rowsVNNI takes a code for what it is, rowsAVX2 for that less 128.
//
//go:noescape
func rowsVNNI(out *int32, rows **uint8, n, dim int, query *int8)

//go:noescape
func rowsAVX2(out *int32, rows **uint8, n, dim int, query *int8)

// kernels are the ways of this processor to compute, the fastest first.
func kernels() []kernel {
	all := []kernel{{"go", dotsGo}}
	if cpu.X86.HasAVX2 {
		all = append(all, kernel{"avx2", func(out []int32, rows []*uint8, p probe) {
			rowsAVX2(&out[0], &rows[0], len(out), len(p.codes), &p.codes[0])
		}})
	}
	if cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VNNI {
		all = append(all, kernel{"vnni", func(out []int32, rows []*uint8, p probe) {
			rowsVNNI(&out[0], &rows[0], len(out), len(p.codes), &p.codes[0])
			for i := range out {
				out[i] -= p.lift
			}
		}})
	}
	slices.Reverse(all)
	return all
}
