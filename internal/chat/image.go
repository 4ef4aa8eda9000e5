package chat

// Image is a picture in a message.
type Image struct {
	MediaType string // image/png, image/jpeg, image/webp or image/gif, of which the first frame counts
	Data      []byte // the file as it came
	// At is the byte of the message's text before which the picture stands, from 0 to the text's length. Pictures
	// are in the order of their places.
	At int
}
