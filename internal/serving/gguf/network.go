package gguf

import (
	"fmt"
	"math"
	"slices"
)

// The bounds of the native loader, which ends the process beyond them.
const (
	maxLayers  = 512
	maxExperts = 1024
)

// figures reads the sizes of the network. The bounds are far above any model and far below what
// overflows in native arithmetic.
func (f *File) figures(s *Summary) error {
	for _, figure := range []struct {
		key  string
		into *int64
		most int64
	}{
		{"context_length", &s.Context, 1 << 28},
		{"embedding_length", &s.Embedding, 1 << 20},
		{"block_count", &s.Layers, maxLayers},
	} {
		key := s.Architecture + "." + figure.key
		n, ok := f.Int(key)
		if !ok || n < 1 || n > figure.most {
			return fmt.Errorf("metadata %q is missing or outside 1 to %d", clip(key), figure.most)
		}
		*figure.into = n
	}
	return nil
}

// network checks the other figures of the network.
func (f *File) network(s Summary) error {
	for key, v := range f.values {
		if n, ok := v.(float32); ok && (math.IsNaN(float64(n)) || math.IsInf(float64(n), 0)) {
			return fmt.Errorf("metadata %q is no finite number", clip(key))
		}
	}
	for _, figure := range []struct {
		key         string
		least, most int64
	}{
		{"attention.head_count", 0, 1 << 14}, {"attention.head_count_kv", 0, 1 << 14},
		{"attention.key_length", 1, 1 << 16}, {"attention.value_length", 1, 1 << 16},
		{"rope.dimension_count", 0, 1 << 16}, {"feed_forward_length", 0, 1 << 24},
		{"nextn_predict_layers", 0, s.Layers}, {"expert_count", 0, maxExperts},
	} {
		if err := f.within(s.Architecture+"."+figure.key, figure.least, figure.most); err != nil {
			return err
		}
	}
	for _, name := range []string{"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "rope.freq_base", "rope.freq_base_swa"} {
		if n, ok := f.values[s.Architecture+"."+name].(float32); ok && n < 0 {
			return fmt.Errorf("metadata %q is negative", clip(s.Architecture+"."+name))
		}
	}
	scaling, ok := f.Text(s.Architecture + ".rope.scaling.type")
	if ok && !slices.Contains([]string{"none", "linear", "yarn", "longrope"}, scaling) {
		return fmt.Errorf("rope.scaling.type is the unknown %q", clip(scaling))
	}
	return f.experts(s.Architecture)
}

// within checks a figure, or each of a list with one a layer. What is not there is well.
func (f *File) within(key string, least, most int64) error {
	list, err := f.numbers(key)
	if err != nil {
		return err
	}
	for _, n := range list {
		if n < least || n > most {
			return fmt.Errorf("metadata %q is %d, outside %d to %d", clip(key), n, least, most)
		}
	}
	return nil
}

// experts checks how a mixture of experts is divided.
func (f *File) experts(arch string) error {
	count, _ := f.Int(arch + ".expert_count")
	used, err := f.numbers(arch + ".expert_used_count")
	if err != nil {
		return err
	}
	groups, _ := f.Int(arch + ".expert_group_count")
	chosen, _ := f.Int(arch + ".expert_group_used_count")
	most := int64(0)
	for _, n := range used {
		if n < 0 {
			return fmt.Errorf("metadata %q is negative", clip(arch+".expert_used_count"))
		}
		most = max(most, n)
	}
	wrong := most > count || count > 0 && most == 0 || groups < 0 || groups > 0 && groups >= count
	if groups > 1 && !wrong {
		wrong = count%groups != 0 || chosen < 1 || chosen >= groups
	}
	if wrong {
		return fmt.Errorf("the experts do not add up: %d, of which %d are used, in %d groups, of which %d are used", count, most, groups, chosen)
	}
	return nil
}

// numbers reads a whole number, or a list of them, of the metadata; nil when there is none.
func (f *File) numbers(key string) ([]int64, error) {
	if n, ok := f.Int(key); ok {
		return []int64{n}, nil
	}
	a, ok := f.List(key)
	switch {
	case f.values[key] == nil:
		return nil, nil
	case !ok || a.Elem == String || a.Elem == Float32 || a.Elem == Float64 || a.Len > maxHeader/64:
		return nil, fmt.Errorf("metadata %q is neither a whole number nor a list of them", clip(key))
	}
	d := f.at(a)
	var out []int64 // grown by what is read, whatever Len says
	for range a.Len {
		v, err := d.value(a.Elem)
		if err != nil {
			return nil, fmt.Errorf("metadata %q: %w", clip(key), err)
		}
		n, ok := whole(v)
		if !ok {
			return nil, fmt.Errorf("metadata %q holds what is no whole number", clip(key))
		}
		out = append(out, n)
	}
	return out, nil
}
