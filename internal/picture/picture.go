// Package picture reads image files that came from outside: what they are is told by their bytes, and how large they
// are is known before anything of them is unpacked, since a few kilobytes can hold a billion pixels. Begin at Check.
package picture

import (
	"bytes"
	"image"
	"image/draw"
	_ "image/gif" // the formats that Decode knows
	_ "image/jpeg"
	_ "image/png"
	"slices"

	_ "golang.org/x/image/webp"

	"github.com/parley-chat/parley/internal/fault"
)

const (
	// MaxBytes is the most bytes of a file.
	MaxBytes = 16 << 20
	// MaxPixels is the most pixels of an image: what the cameras of telephones make, and a hundred megabytes unpacked.
	MaxPixels = 25_000_000
	// maxSide and maxRatio bound the sides: what is very narrow has no pixel left when a model scales it down.
	maxSide  = 16384
	maxRatio = 50
)

// MediaTypes are those that can be read.
var MediaTypes = []string{"image/png", "image/jpeg", "image/webp", "image/gif"}

// Check reads the header of an image and returns its media type. What is no image that can be read, or is too large, is
// fault.Invalid.
func Check(data []byte) (mediaType string, err error) {
	if len(data) > MaxBytes {
		return "", fault.Invalid("the image has %d MB, and %d are allowed: send a smaller one", len(data)>>20, MaxBytes>>20)
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(data))
	mediaType = "image/" + format
	if err != nil || !slices.Contains(MediaTypes, mediaType) {
		return "", fault.Invalid("the image cannot be read: send a PNG, JPEG, WebP or GIF file").Because(err)
	}
	w, h := size.Width, size.Height
	switch {
	case w < 1 || h < 1:
		return "", fault.Invalid("the image has no pixels")
	case w > maxSide || h > maxSide || w*h > MaxPixels:
		return "", fault.Invalid("the image has %d x %d pixels, and %d million are allowed, at most %d a side: send a smaller one", w, h, MaxPixels/1_000_000, maxSide)
	case w > h*maxRatio || h > w*maxRatio:
		return "", fault.Invalid("the image has %d x %d pixels: one side may be at most %d times the other", w, h, maxRatio)
	}
	return mediaType, nil
}

// RGB is an image as models take it.
type RGB struct {
	Width, Height int
	Pixels        []byte // red, green and blue of each, row by row from the top
}

// Decode checks and unpacks an image, of an animation the first frame. What is transparent shows white, as on paper.
func Decode(data []byte) (RGB, error) {
	if _, err := Check(data); err != nil {
		return RGB{}, err
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return RGB{}, fault.Invalid("the image is damaged: send it again").Because(err)
	}
	bounds := src.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), src, bounds.Min, draw.Over)
	out := RGB{Width: bounds.Dx(), Height: bounds.Dy(), Pixels: make([]byte, 0, 3*bounds.Dx()*bounds.Dy())}
	for at := 0; at < len(flat.Pix); at += 4 {
		out.Pixels = append(out.Pixels, flat.Pix[at:at+3]...)
	}
	return out, nil
}
