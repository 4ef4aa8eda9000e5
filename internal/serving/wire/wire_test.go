package wire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/wire"
)

var update = flag.Bool("update", false, "write testdata anew")

// fill gives every field below v a value that is not its zero.
func fill(t *testing.T, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				t.Fatalf("%s.%s cannot be sent", path, field.Name)
			}
			if field.Name == "Top" { // as deep as its first level
				continue
			}
			if field.Type != reflect.PointerTo(v.Type()) {
				fill(t, path+"."+field.Name, v.Field(i))
			}
		}
		for i := range v.NumField() { // a model has a base, which is a model
			if field := v.Field(i); field.Type() == reflect.PointerTo(v.Type()) {
				base := reflect.New(v.Type())
				base.Elem().Set(v)
				field.Set(base)
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a":"<b>"}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, path, v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, path, key)
		fill(t, path, value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("word")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	default:
		t.Fatalf("%s: a %s cannot be sent: give it a form in wire", path, v.Type())
	}
}

// frames has a whole frame of every kind.
func frames(t *testing.T) []wire.Frame {
	t.Helper()
	var all []wire.Frame
	kinds := reflect.TypeFor[wire.Frame]()
	for i := range kinds.NumField() {
		if name := kinds.Field(i).Name; name != "ID" {
			f := wire.Frame{ID: 3}
			fill(t, name, reflect.ValueOf(&f).Elem().Field(i))
			all = append(all, f)
		}
	}
	return all
}

// Every field arrives as it was sent, and the form on the wire is the one that is kept in testdata: a change
// there must go with older workers, or with another Version.
func TestFramesArriveWhole(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	conn := wire.Stream(r, w)
	defer conn.Close()
	var form bytes.Buffer
	for _, f := range frames(t) {
		go func() {
			if err := conn.Send(f); err != nil {
				t.Error(err)
			}
		}()
		got, err := conn.Receive()
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%+v arrives as %+v, %v", f, got, err)
		}
		line, _ := json.Marshal(f)
		form.Write(append(line, '\n'))
	}
	golden := filepath.Join("testdata", "frames.jsonl")
	if *update {
		if err := os.WriteFile(golden, form.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(want, form.Bytes()) {
		t.Errorf("the form of frames has changed (%v): is an older worker still understood? Then run with -update\n%s", err, form.String())
	}
}

// What a request leaves out does not become something on the way.
func TestWhatIsNotThereStaysAway(t *testing.T) {
	t.Parallel()
	f := wire.Frame{ID: 3, Generate: &wire.Generate{Generation: serving.Generation{
		Format: &chat.Format{}, Tools: chat.ToolUse{Tools: []chat.Function{{}}},
	}}}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var got wire.Frame
	if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("%s arrives as %+v, %v", raw, got, err)
	}
}

func TestVectorsAreExact(t *testing.T) {
	t.Parallel()
	v := wire.Vector{0, -1.5, math.SmallestNonzeroFloat32, math.MaxFloat32, 1.0 / 3}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var got wire.Vector
	if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{`"AAA="`, `"?"`, `[1]`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%s is read as %v", bad, got)
		}
	}
}

func TestErrorsStayTheSame(t *testing.T) {
	t.Parallel()
	if wire.NewError(nil).Err() != nil {
		t.Error("no error became one")
	}
	for _, err := range []error{
		context.Canceled, context.DeadlineExceeded, errors.New("secret of the machine"),
		fault.Throttled("slow down").After(2 * time.Second), fault.Invalid("bad").At("messages").OfKind("context_length_exceeded"),
	} {
		got, want := fault.From(wire.NewError(err).Err()), fault.From(err)
		if got.Code != want.Code || got.Message != want.Message || got.Kind != want.Kind || got.Param != want.Param || got.RetryAfter != want.RetryAfter {
			t.Errorf("%v becomes %v", err, got)
		}
		for _, ctx := range []error{context.Canceled, context.DeadlineExceeded} {
			if errors.Is(got, ctx) != errors.Is(err, ctx) {
				t.Errorf("%v: is it still %v?", err, ctx)
			}
		}
	}
}

// both is a Conn that reads from one place and writes to another.
func both(in io.Reader, out io.Writer) wire.Conn {
	return wire.Stream(io.NopCloser(in), nopWriter{out})
}

type nopWriter struct{ io.Writer }

func (nopWriter) Close() error { return nil }

func TestLimits(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := both(strings.NewReader(""), &out)
	big := wire.Frame{Forget: &wire.Forget{Tenant: strings.Repeat("x", wire.MaxFrame)}}
	if err := c.Send(big); !errors.Is(err, wire.ErrTooLarge) || out.Len() != 0 {
		t.Errorf("a frame that is too large: %v, %d bytes sent", err, out.Len())
	}
	if _, err := c.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
	length := binary.BigEndian.AppendUint32(nil, wire.MaxFrame+1)
	if _, err := both(bytes.NewReader(length), &out).Receive(); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("a length that is too large: %v", err)
	}
	for _, cut := range []string{"\x00\x00", "\x00\x00\x00\x05{}"} {
		if _, err := both(strings.NewReader(cut), &out).Receive(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a frame that is cut off: %v", err)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x0b{\"piece\":{}}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := both(bytes.NewReader(raw), io.Discard)
		for {
			got, err := c.Receive()
			if err != nil {
				return
			}
			if err := c.Send(got); err != nil {
				t.Errorf("%+v was received and cannot be sent: %v", got, err)
			}
		}
	})
}
