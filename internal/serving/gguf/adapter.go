package gguf

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Adapter is what the file of a LoRA adapter says about itself: pairs of small matrices, "lora_a" and "lora_b", whose
// product is added to weights of another model, its base.
type Adapter struct {
	Architecture string // of the base
	Name         string
	Parameters   int64
	FileBytes    int64
	Weights      int // of the base that it changes
}

// InspectAdapter reads the headers of an adapter and of its base and checks that the one fits the other, as Inspect
// does for models: much of what is wrong here ends the process in the native loader or in the first step.
func InspectAdapter(path, base string) (a Adapter, err error) {
	err = open(path, func(f *File) error {
		return open(base, func(b *File) error {
			a, err = f.adapter(b)
			return err
		})
	})
	return a, err
}

// IsAdapter tells whether a file says of itself that it is an adapter. InspectAdapter says whether it is a good one.
func IsAdapter(path string) (is bool) {
	_ = open(path, func(f *File) error { // what cannot be read is none
		kind, _ := f.Text("general.type")
		is = kind == "adapter"
		return nil
	})
	return is
}

const (
	matrixA = ".lora_a"
	matrixB = ".lora_b"
)

func (f *File) adapter(base *File) (Adapter, error) {
	a := Adapter{FileBytes: f.size}
	if kind, _ := f.Text("general.type"); kind != "adapter" {
		return a, fmt.Errorf("not an adapter: its general.type is %q", clip(kind))
	}
	if kind, _ := f.Text("adapter.type"); kind != "lora" {
		return a, fmt.Errorf("not a LoRA adapter: its adapter.type is %q", clip(kind))
	}
	a.Architecture, _ = f.Text("general.architecture")
	if arch, _ := base.Text("general.architecture"); a.Architecture != arch || arch == "" {
		return a, fmt.Errorf("it is for the architecture %q, and the base model is of %q", clip(a.Architecture), clip(arch))
	}
	if v, there := f.values["adapter.lora.alpha"]; there {
		if alpha, ok := v.(float32); !ok || math.IsNaN(float64(alpha)) || math.IsInf(float64(alpha), 0) {
			return a, fmt.Errorf("metadata %q is no finite number of 32 bits", "adapter.lora.alpha")
		}
	}
	if f.values["adapter.alora.invocation_tokens"] != nil {
		return a, fmt.Errorf("it is to be used from certain tokens on only (aLoRA), which is not supported")
	}
	a.Name, _ = f.Text("general.name")
	return a, f.pairs(base, &a)
}

// pairs checks that the tensors are pairs which fit weights of the base.
func (f *File) pairs(base *File, a *Adapter) error {
	weights, own := byName(base.Tensors), byName(f.Tensors)
	for _, t := range f.Tensors {
		a.Parameters += t.Values
		name, isA := strings.CutSuffix(t.Name, matrixA)
		if !isA {
			var isB bool
			if name, isB = strings.CutSuffix(t.Name, matrixB); !isB {
				return fmt.Errorf("the tensor %q is no part of a LoRA adapter: train it without", clip(t.Name))
			}
			if _, both := own[name+matrixA]; !both {
				return fmt.Errorf("the tensor %q has no %q beside it", clip(t.Name), matrixA)
			}
			continue
		}
		second, both := own[name+matrixB]
		if !both {
			return fmt.Errorf("the tensor %q has no %q beside it", clip(t.Name), matrixB)
		}
		weight, known := weights[name]
		if !known || len(weight.Dims) < 2 {
			return fmt.Errorf("the base model has no matrix %q: is this its base?", clip(name))
		}
		if name == "token_embd.weight" {
			if _, apart := weights["output.weight"]; !apart {
				return fmt.Errorf("it changes %q, which this base uses for its output as well: that is not supported", name)
			}
		}
		if err := fits(t, second, weight); err != nil {
			return fmt.Errorf("%q: %w", clip(name), err)
		}
		a.Weights++
	}
	if a.Weights == 0 {
		return fmt.Errorf("it changes nothing: it has no tensors")
	}
	return nil
}

// computable are the types that the engine multiplies as both matrices; converters write these.
var computable = []TensorType{F32, F16, BF16, Q80}

// fits checks that the product of two matrices has the shape of a weight. For the embedding of tokens, whose rows are
// looked up, both are the other way round.
func fits(a, b, weight Tensor) error {
	for _, t := range []Tensor{a, b} {
		if !slices.Contains(computable, t.Type) {
			return fmt.Errorf("its type %s cannot be computed with: convert it to F16", t.Type)
		}
	}
	da, db, dw := square(a), square(b), square(weight)
	if weight.Name == "token_embd.weight" {
		if da[0] != db[0] || db[1] != dw[0] || da[1] != dw[1] || da[2] != 1 || db[2] != 1 {
			return fmt.Errorf("matrices of shape %v and %v do not fit a weight of %v", a.Dims, b.Dims, weight.Dims)
		}
		return nil
	}
	if da[0] != dw[0] || db[1] != dw[1] || da[1] != db[0] || da[2] != dw[2] || db[2] != dw[2] || da[3] != 1 || db[3] != 1 || dw[3] != 1 {
		return fmt.Errorf("matrices of shape %v and %v do not fit a weight of %v", a.Dims, b.Dims, weight.Dims)
	}
	return nil
}

// square is a shape with all its dimensions.
func square(t Tensor) (dims [maxDims]int64) {
	for i := range dims {
		dims[i] = 1
		if i < len(t.Dims) {
			dims[i] = t.Dims[i]
		}
	}
	return dims
}

func byName(tensors []Tensor) map[string]Tensor {
	named := make(map[string]Tensor, len(tensors))
	for _, t := range tensors {
		named[t.Name] = t
	}
	return named
}
