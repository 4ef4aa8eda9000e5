package bert

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

func FuzzWeights(f *testing.F) {
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), uint64(54), []byte{0, 0, 128, 63})
	f.Add([]byte(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`), uint64(55), []byte{})
	f.Add([]byte(`{}`), uint64(1<<63), []byte{})
	path := filepath.Join(f.TempDir(), "w.safetensors") // workers are processes with a folder each
	f.Fuzz(func(t *testing.T, index []byte, length uint64, data []byte) {
		raw := append(binary.LittleEndian.AppendUint64(nil, length), index...)
		if err := os.WriteFile(path, append(raw, data...), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := openWeights(path)
		if err != nil {
			return
		}
		defer w.file.Close() //nolint:errcheck // opened for reading
		for name, e := range w.index {
			if end := w.data + e.Offsets[1]; e.Offsets[0] < 0 || end > int64(8+len(index)+len(data)) {
				t.Fatalf("accepted tensor %q ends at %d", name, end)
			}
			if values, err := w.floats(name, 1); err == nil && len(values) != 1 {
				t.Fatalf("%d values instead of one", len(values))
			}
		}
	})
}
