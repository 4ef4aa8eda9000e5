package app

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// machineMemory is how many bytes of memory this machine has, and how many of them can be had without
// swapping. Both are 0 where that cannot be read.
func machineMemory() (total, available int64) { return memoryOf(os.DirFS("/")) }

// memoryOf reads it below root. In a container with a limit below the machine's memory, that limit counts.
func memoryOf(root fs.FS) (total, available int64) {
	info := figures(root, "proc/meminfo")
	total, available = info["MemTotal:"]<<10, info["MemAvailable:"]<<10
	limit, err := figure(root, "sys/fs/cgroup/memory.max") // without a limit it says "max"
	if err != nil || limit <= 0 || limit >= total {
		return total, available
	}
	used, err := figure(root, "sys/fs/cgroup/memory.current")
	if err != nil {
		return limit, min(available, limit)
	}
	// Files that were read and may be dropped are counted as used.
	used -= figures(root, "sys/fs/cgroup/memory.stat")["inactive_file"]
	return limit, max(0, min(available, limit-used))
}

func figure(root fs.FS, name string) (int64, error) {
	raw, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
}

// figures reads lines of a name and a figure.
func figures(root fs.FS, name string) map[string]int64 {
	out := map[string]int64{}
	raw, _ := fs.ReadFile(root, name)
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) >= 2 {
			out[f[0]], _ = strconv.ParseInt(f[1], 10, 64)
		}
	}
	return out
}
