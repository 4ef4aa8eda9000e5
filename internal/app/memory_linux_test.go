package app

import (
	"testing"
	"testing/fstest"
)

func TestMemoryOfTheMachine(t *testing.T) {
	t.Parallel()
	const meminfo = "MemTotal:       1000 kB\nMemFree:  100 kB\nMemAvailable:    600 kB\n"
	for name, c := range map[string]struct {
		files            map[string]string
		total, available int64
	}{
		"bare":              {map[string]string{"proc/meminfo": meminfo}, 1000 << 10, 600 << 10},
		"nothing to read":   {nil, 0, 0},
		"no limit":          {map[string]string{"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "max\n"}, 1000 << 10, 600 << 10},
		"limit beyond":      {map[string]string{"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "2048000\n"}, 1000 << 10, 600 << 10},
		"limit, no account": {map[string]string{"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "512000\n"}, 512000, 512000},
		"limit": {map[string]string{
			"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "512000\n", "sys/fs/cgroup/memory.current": "300000\n",
			"sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 100000\n",
		}, 512000, 312000},
		"limit reached": {map[string]string{
			"proc/meminfo": meminfo, "sys/fs/cgroup/memory.max": "512000\n", "sys/fs/cgroup/memory.current": "513000\n",
		}, 512000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{}
			for file, text := range c.files {
				root[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if total, available := memoryOf(root); total != c.total || available != c.available {
				t.Errorf("%d of %d, want %d of %d", available, total, c.available, c.total)
			}
		})
	}
}

func TestProcessor(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{"proc/cpuinfo": {Data: []byte("processor\t: 0\nmodel name\t: Some CPU @ 2.0 GHz\nprocessor\t: 1\n")}}
	if name := processor(root); name != "Some CPU @ 2.0 GHz" {
		t.Errorf("it is called %q", name)
	}
	if name := processor(fstest.MapFS{}); name != "" {
		t.Errorf("without a word of the system it is called %q", name)
	}
}
