package picture_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/picture"
)

// webp is one blue pixel, lossless.
const webp = "UklGRhwAAABXRUJQVlA4TA8AAAAvAAAAAAcQEf0PRET/Aw=="

func paint(w, h int, c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Set(i%w, i/w, c)
	}
	return img
}

func TestFormats(t *testing.T) {
	t.Parallel()
	red := paint(4, 3, color.NRGBA{R: 255, A: 255})
	second := image.NewPaletted(red.Bounds(), palette.WebSafe)
	first := image.NewPaletted(red.Bounds(), color.Palette{color.NRGBA{R: 255, A: 255}})
	for want, encode := range map[string]func(io.Writer) error{
		"image/png":  func(w io.Writer) error { return png.Encode(w, red) },
		"image/jpeg": func(w io.Writer) error { return jpeg.Encode(w, red, nil) },
		"image/gif": func(w io.Writer) error {
			return gif.EncodeAll(w, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}})
		},
		"image/webp": func(w io.Writer) error {
			_, err := io.Copy(w, base64.NewDecoder(base64.StdEncoding, strings.NewReader(webp)))
			return err
		},
	} {
		var file bytes.Buffer
		if err := encode(&file); err != nil {
			t.Fatal(want, err)
		}
		if got, err := picture.Check(file.Bytes()); got != want || err != nil {
			t.Errorf("%s is told as %q (%v)", want, got, err)
		}
		rgb, err := picture.Decode(file.Bytes())
		if err != nil || len(rgb.Pixels) != 3*rgb.Width*rgb.Height || len(rgb.Pixels) == 0 {
			t.Errorf("%s: %d x %d with %d bytes (%v)", want, rgb.Width, rgb.Height, len(rgb.Pixels), err)
			continue
		}
		if want != "image/webp" && (rgb.Width != 4 || rgb.Height != 3 || rgb.Pixels[0] < 250 || rgb.Pixels[1] > 5) {
			t.Errorf("%s: %d x %d beginning with %v, not 4 x 3 red ones", want, rgb.Width, rgb.Height, rgb.Pixels[:3])
		}
	}
}

func TestTransparentIsWhite(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := png.Encode(&file, paint(1, 1, color.NRGBA{})); err != nil {
		t.Fatal(err)
	}
	rgb, err := picture.Decode(file.Bytes())
	if err != nil || !bytes.Equal(rgb.Pixels, []byte{255, 255, 255}) {
		t.Errorf("%v (%v)", rgb.Pixels, err)
	}
}

// sized is the header of a PNG that claims so many pixels.
func sized(w, h uint32) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, 8, 2, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(head))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	if err := png.Encode(&whole, paint(40, 40, color.White)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"no image":    {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "PNG, JPEG, WebP or GIF"},
		"empty":       {nil, "PNG, JPEG, WebP or GIF"},
		"bomb":        {sized(16000, 16000), "16000 x 16000"},
		"overflow":    {sized(1<<31-1, 1<<31-1), "cannot be read"},
		"narrow":      {sized(1000, 10), "at most 50 times"},
		"large file":  {make([]byte, picture.MaxBytes+1), "16 are allowed"},
		"cut in half": {whole.Bytes()[:whole.Len()-20], "damaged"},
	} {
		_, err := picture.Decode(c.file)
		if !fault.Is(err, fault.CodeInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}
