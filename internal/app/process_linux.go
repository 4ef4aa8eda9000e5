package app

import (
	"fmt"
	"os"
)

// processSize is how many bytes of memory this process holds, native memory included, and how many files
// it has open. A figure that cannot be read is 0.
func processSize() (rss int64, files int) {
	if f, err := os.Open("/proc/self/statm"); err == nil {
		var size, resident int64
		if _, err := fmt.Fscan(f, &size, &resident); err == nil {
			rss = resident * int64(os.Getpagesize())
		}
		_ = f.Close() // it was read
	}
	open, _ := os.ReadDir("/proc/self/fd")
	return rss, len(open)
}
