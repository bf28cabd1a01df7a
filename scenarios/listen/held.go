package listen

import "github.com/pamlab/pamlab/mllp"

// held is what the DMN wanted written, held back until it is stored. It stands
// in the place of the connection.
type held struct {
	blocks []block
	close  bool
}

type block struct {
	bytes []byte
	raw   bool // a fault of the DMN: no frame, or one of its own
}

// WriteMessage holds a block back.
func (h *held) WriteMessage(payload []byte) error {
	h.blocks = append(h.blocks, block{bytes: payload})
	return nil
}

// WriteRaw holds bytes back.
func (h *held) WriteRaw(b []byte) error {
	h.blocks = append(h.blocks, block{bytes: b, raw: true})
	return nil
}

// CloseAfter notes that the connection is to be closed.
func (h *held) CloseAfter() { h.close = true }

// last is the answer that counts: of two in the enhanced mode that of the
// application. It is nil when there is none.
func (h *held) last() []byte {
	if len(h.blocks) == 0 {
		return nil
	}
	return h.blocks[len(h.blocks)-1].bytes
}

// play writes everything.
func (h *held) play(w mllp.ResponseWriter) error {
	if h.close {
		w.CloseAfter()
	}
	for _, b := range h.blocks {
		write := w.WriteMessage
		if b.raw {
			write = w.WriteRaw
		}
		if err := write(b.bytes); err != nil {
			return err
		}
	}
	return nil
}
