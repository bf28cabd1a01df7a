package listen

import "github.com/pamlab/pamlab/mllp"

// held is what the DMN wanted written, held back until it is stored. It stands
// in the place of the connection.
type held struct {
	blocks []Block
	close  bool
}

// A Block is a piece of an answer.
type Block struct {
	Bytes []byte
	Raw   bool // written as it is, without a frame
}

// WriteMessage holds a block back.
func (h *held) WriteMessage(payload []byte) error {
	h.blocks = append(h.blocks, Block{Bytes: payload})
	return nil
}

// WriteRaw holds bytes back.
func (h *held) WriteRaw(b []byte) error {
	h.blocks = append(h.blocks, Block{Bytes: b, Raw: true})
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
	return h.blocks[len(h.blocks)-1].Bytes
}

// play writes everything.
func (h *held) play(w mllp.ResponseWriter) error {
	if h.close {
		w.CloseAfter()
	}
	for _, b := range h.blocks {
		write := w.WriteMessage
		if b.Raw {
			write = w.WriteRaw
		}
		if err := write(b.Bytes); err != nil {
			return err
		}
	}
	return nil
}
