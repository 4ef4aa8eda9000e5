package batching

import "slices"

// A batch of the decoder holds tokens or embeddings. So pictures are computed in steps of their own, and while there is
// something to do of both kinds, the steps alternate: a running stream waits for one step of a picture at a time.

// end is the token after the picture.
func (p Picture) end() int { return p.At + len(p.Rows) }

// sight finds the picture in which a token stands, if it stands in one.
func (s *sequence) sight(at int) (Picture, bool) {
	i := slices.IndexFunc(s.pictures, func(p Picture) bool { return at < p.end() })
	if i < 0 || at < s.pictures[i].At {
		return Picture{}, false
	}
	return s.pictures[i], true
}

// stretch counts the pending tokens that a batch of tokens, or of pictures, can have next.
func (s *sequence) stretch(pictures bool) int {
	p, within := s.sight(s.done)
	switch {
	case within != pictures:
		return 0
	case within:
		return p.end() - s.done
	}
	for _, p := range s.pictures {
		if p.At >= s.done {
			return p.At - s.done
		}
	}
	return s.pending()
}

// whole shortens a beginning of the sequence that ends within a picture to what stands before that. Each token there
// holds a part of the picture's hash, and only all of them together tell for certain which picture it is.
func (s *sequence) whole(n int) int {
	if p, within := s.sight(n); within {
		return p.At
	}
	return n
}

// picturesNext tells whether the coming step is one of pictures.
func (l *Loop) picturesNext() bool {
	pictures, tokens := false, false
	for _, s := range l.running {
		_, within := s.sight(s.done)
		pictures, tokens = pictures || within, tokens || !within
	}
	return pictures && (!tokens || !l.pictured)
}
