package openaiapi

import (
	"encoding/base64"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/picture"
)

// maxImages bounds the images of a request, since each takes seconds of the engine.
const maxImages = 16

// readImage takes the image out of a data URL. What it is, its bytes tell. Nothing is fetched for a caller, who could
// otherwise make the server ask its own network.
func readImage(url string) (chat.Image, error) {
	head, body, found := strings.Cut(url, ",")
	scheme, params, _ := strings.Cut(strings.ToLower(head), ":")
	if !found || scheme != "data" {
		return chat.Image{}, fault.Invalid("image_url.url must be a data URL (data:image/png;base64,...): images are not fetched from elsewhere; send the file itself")
	}
	if !strings.HasSuffix(params, ";base64") {
		return chat.Image{}, fault.Invalid("image_url.url must hold the file as base64: data:image/png;base64,...")
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return chat.Image{}, fault.Invalid("image_url.url is not valid base64 after the comma").Because(err)
	}
	mediaType, err := picture.Check(data)
	if err != nil {
		return chat.Image{}, err
	}
	return chat.Image{MediaType: mediaType, Data: data}, nil
}
