package llama

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
)

// adapters are the LoRA adapters that were loaded for one model. They stay as long as the model does, which frees them.
type adapters struct {
	model *model
	path  string // of the model's file

	mu     sync.Mutex
	loaded map[string]lora // by key
}

// lora is a loaded adapter.
type lora struct {
	handle llama.AdapterLora
	scale  float32
}

func newAdapters(m *model, path string) *adapters {
	return &adapters{model: m, path: path, loaded: map[string]lora{}}
}

// use loads an adapter unless it is there, and returns its key, which differs for files and scales that compute
// differently; "" for nil, which is the model as it is. The caller keeps the model from being freed.
func (a *adapters) use(ad *serving.Adapter) (key string, err error) {
	if ad == nil {
		return "", nil
	}
	info, err := os.Stat(ad.Path)
	if err != nil {
		return "", a.broken(ad, "its file cannot be read").Because(err)
	}
	key = fmt.Sprintf("%s, %d bytes of %d, times %g", filepath.Base(ad.Path), info.Size(), info.ModTime().UnixNano(), ad.Scale)
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.loaded[key]; there {
		return key, nil
	}
	if _, err := gguf.InspectAdapter(ad.Path, a.path); err != nil {
		return "", a.broken(ad, strings.ReplaceAll(err.Error(), ad.Path, filepath.Base(ad.Path)))
	}
	// A step of this model may look through its adapters at the same time.
	process.compute.Lock()
	defer process.compute.Unlock()
	handle, err := llama.AdapterLoraInit(a.model.handle, ad.Path)
	if err != nil || handle == 0 {
		return "", a.broken(ad, "the engine cannot load it").Because(err)
	}
	a.loaded[key] = lora{handle, ad.Scale}
	return key, nil
}

func (a *adapters) broken(ad *serving.Adapter, why string) *fault.Error {
	return fault.Unavailable("the adapter %q cannot be used (%s): run `parley model rm %s` and add it again with `parley model add`", ad.ID, why, ad.ID)
}

// set has a context compute with the adapter of a key.
func (a *adapters) set(ctx llama.Context, key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ad, ok := a.loaded[key]
	if !ok { // none: the bindings take no empty list, and one that is added to no part is none
		keys := slices.Collect(maps.Keys(a.loaded))
		if len(keys) == 0 {
			return
		}
		ad = lora{handle: a.loaded[keys[0]].handle}
	}
	llama.SetAdaptersLora(ctx, []llama.AdapterLora{ad.handle}, []float32{ad.scale})
}
