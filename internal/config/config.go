// Package config reads a tree of Config structs from defaults, a YAML file and the environment, in that
// order, once at start. A key of the file that no struct knows is an error; the environment may hold
// foreign PARLEY_ variables (an orchestrator sets such for a service of that name), so those are
// warnings.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"go.yaml.in/yaml/v3"
)

// Prefix begins the name of every environment variable that is read.
const Prefix = "PARLEY_"

// Key is one setting: its path in the file ("engine.threads") and its environment variable
// (PARLEY_ENGINE_THREADS).
type Key struct {
	Path string
	Env  string
	Type reflect.Type
}

// Keys lists every setting of a struct with mapstructure tags, in the order of its fields.
func Keys(cfg any) []Key {
	var keys []Key
	walk(reflect.Indirect(reflect.ValueOf(cfg)).Type(), nil, &keys)
	return keys
}

func walk(t reflect.Type, path []string, keys *[]Key) {
	for f := range t.Fields() {
		tag, option, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if option == "squash" { // its keys stand beside ours
			walk(f.Type, path, keys)
			continue
		}
		if tag == "" || tag == "-" {
			continue
		}
		at := append(slices.Clone(path), tag)
		if f.Type.Kind() == reflect.Struct && !isScalar(f.Type) {
			walk(f.Type, at, keys)
			continue
		}
		*keys = append(*keys, Key{
			Path: strings.Join(at, "."),
			Env:  Prefix + strings.ToUpper(strings.Join(at, "_")),
			Type: f.Type,
		})
	}
}

// isScalar tells structs that are read from one text, such as a secret, from groups of settings.
func isScalar(t reflect.Type) bool {
	_, ok := reflect.New(t).Interface().(interface{ UnmarshalText([]byte) error })
	return ok
}

// Load fills dst, a pointer to a struct that holds the defaults. file may be "". environ has the form
// of os.Environ; a variable set to "" counts as absent. Values of lists and maps in the environment are
// written as YAML ('[{issuer: ...}]'). All faults are reported together.
func Load(dst any, file string, environ []string) (warnings []string, err error) {
	tree := map[string]any{}
	if file != "" {
		if tree, err = readFile(file); err != nil {
			return nil, err
		}
	}
	keys := Keys(dst)
	var errs []error
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, Prefix) || value == "" {
			continue
		}
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Env == name })
		if i < 0 {
			warnings = append(warnings, fmt.Sprintf("%s is not a setting of Parley and is ignored%s", name, nearest(name, keys)))
			continue
		}
		if err := set(tree, keys[i], value); err != nil {
			errs = append(errs, err)
		}
	}
	dec, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: dst, ErrorUnused: true, WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(), mapstructure.TextUnmarshallerHookFunc()),
	})
	if err != nil {
		return nil, err
	}
	errs = append(errs, dec.Decode(tree))
	if err := errors.Join(errs...); err != nil {
		return warnings, fmt.Errorf("configuration: %w", err)
	}
	return warnings, nil
}

func readFile(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	tree := map[string]any{}
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", file, err)
	}
	if tree == nil { // a file of comments only
		tree = map[string]any{}
	}
	return tree, nil
}

func set(tree map[string]any, k Key, value string) error {
	parts := strings.Split(k.Path, ".")
	for _, p := range parts[:len(parts)-1] {
		branch, ok := tree[p].(map[string]any)
		if !ok {
			branch = map[string]any{}
			tree[p] = branch
		}
		tree = branch
	}
	last := parts[len(parts)-1]
	switch k.Type.Kind() {
	case reflect.Slice, reflect.Map:
		var v any
		if err := yaml.Unmarshal([]byte(value), &v); err != nil {
			return fmt.Errorf("%s: is not valid YAML: %w", k.Env, err)
		}
		if text, ok := v.(string); ok && k.Type.Kind() == reflect.Slice { // a plain list: a,b
			v = strings.Split(text, ",")
		}
		tree[last] = v
	default:
		tree[last] = value
	}
	return nil
}

// nearest suggests the setting whose name shares the longest beginning with a misspelt one.
func nearest(name string, keys []Key) string {
	best, shared := "", len(Prefix)+3
	for _, k := range keys {
		n := 0
		for n < len(name) && n < len(k.Env) && name[n] == k.Env[n] {
			n++
		}
		if n > shared {
			best, shared = k.Env, n
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
