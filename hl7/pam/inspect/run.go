package inspect

import (
	"context"
	"errors"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/capture"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// A Source is a file or stream that holds messages. Open is called once, when
// the sources before have been read.
type Source struct {
	Name string // as items and reports have it: a path, "-" for the standard input
	Open func() (io.ReadCloser, error)
}

// Options say how to judge.
type Options struct {
	Judge      *rules.Judge
	MaxMessage int // bytes; 0: that of package capture
	Workers    int // goroutines that judge; 0: one for each processor
	// Follow, when not nil, is called in the order of the messages to add what
	// only the messages before can tell.
	Follow func(*rules.Report)
	// Progress, when not nil, is told after each batch how many bytes of all
	// sources were read. It is called from another goroutine.
	Progress func(read int64)
}

// An Item is a message that was judged, or something in a source that is none.
type Item struct {
	File   string // the name of the source
	Index  int    // of the message in its source, from 1; 0 for what is none
	Line   int    // of its first byte in the source, from 1; 0 when it is about the source as a whole
	Offset int64  // of its first byte in the source
	// Report is the judgement; nil when Err says why there is none. It is true
	// until the function that was given the item returns.
	Report *rules.Report
	// Err is a *[SourceError], a *[NoMessageError], a *[capture.Error] or that of
	// the parser.
	Err error

	start, end int // in batch.data
}

// What a batch holds at most. Small enough to keep all processors busy with a
// few thousand messages, large enough for the hand-over to cost nothing.
const (
	batchItems = 64
	batchBytes = 256 << 10
)

// batch is a run of messages on its way.
type batch struct {
	items   []Item
	data    []byte
	reports []*rules.Report // made when first needed: most runs have few messages
	judged  chan struct{}
}

func (b *batch) reset() {
	b.items, b.data, b.judged = b.items[:0], b.data[:0], make(chan struct{})
}

// shed lets go of the room that a huge message took. The items and reports of the
// batch refer to it, each until the next message in its place, which may be long.
func (b *batch) shed() {
	if cap(b.data) > 4*batchBytes {
		*b = batch{}
	}
}

// Run judges all messages of the sources and calls each for every item, in
// order. A source that cannot be opened or read, or holds no message, is an item
// with an error, and the next source follows. A message that has been read is
// not held back while its source is silent. Run returns the error of each, which ends it, or
// that of the context. It does not wait for a source that is waiting for more
// bytes when the context ends.
func Run(ctx context.Context, o Options, sources []Source, each func(*Item) error) error {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	group, ctx := errgroup.WithContext(ctx)
	free := make(chan *batch, workers+2)
	for range cap(free) {
		free <- nil // made when first taken
	}
	work, ordered := make(chan *batch, cap(free)), make(chan *batch, cap(free))
	hire := func() {
		group.Go(func() error {
			for b := range work {
				b.judge(o.Judge)
				close(b.judged)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(work)
		defer close(ordered)
		f := feeder{ctx: ctx, o: o, free: free, work: work, ordered: ordered, hire: hire, vacant: workers}
		return f.all(sources)
	})
	group.Go(func() error { return deliver(ctx, o, ordered, free, each) })
	return group.Wait()
}

// feeder reads the sources into batches.
type feeder struct {
	ctx           context.Context
	o             Options
	free          <-chan *batch
	work, ordered chan<- *batch
	batch         *batch
	before        int64 // bytes of the sources that are done
	read          int64 // bytes of all sources so far
	hire          func()
	vacant        int // how many more workers to hire: one a batch, for most runs have one batch
}

func (f *feeder) all(sources []Source) error {
	for _, s := range sources {
		if err := f.source(s); err != nil {
			return err
		}
	}
	return f.send()
}

// source reads one source. Its error is one of the run.
func (f *feeder) source(s Source) error {
	stream, err := s.Open()
	if err != nil {
		return f.add(Item{File: s.Name, Err: &SourceError{err}}, nil)
	}
	defer stream.Close()
	r := capture.NewReader(newInterruptible(f.ctx, stream, f.send), f.o.MaxMessage)
	defer func() { f.before = f.read }()
	for empty := true; ; empty = false {
		m, err := r.Next()
		f.read = f.before + r.Offset()
		wrong, goesOn := errors.AsType[*capture.Error](err)
		switch {
		case errors.Is(err, io.EOF) && empty:
			return f.add(Item{File: s.Name, Offset: r.Offset(), Err: &NoMessageError{s.Name}}, nil)
		case errors.Is(err, io.EOF):
			return nil
		case goesOn:
			err = f.add(Item{File: s.Name, Line: wrong.Line, Offset: wrong.Offset, Err: wrong}, nil)
		case f.ctx.Err() != nil:
			return f.ctx.Err()
		case err != nil:
			return f.add(Item{File: s.Name, Offset: r.Offset(), Err: &SourceError{err}}, nil)
		case m.Truncated:
			// half a message proves nothing: the next call says what happened to it
		default:
			err = f.add(Item{File: s.Name, Index: m.Index, Line: m.Line, Offset: m.Offset}, m.Data)
		}
		if err != nil {
			return err
		}
	}
}

// add puts an item into the batch, and sends the batch on when it is full.
func (f *feeder) add(item Item, data []byte) error {
	if f.batch == nil {
		select {
		case f.batch = <-f.free:
			if f.batch == nil {
				f.batch = &batch{}
			}
			f.batch.reset()
		case <-f.ctx.Done():
			return f.ctx.Err()
		}
	}
	b := f.batch
	item.start = len(b.data)
	b.data = append(b.data, data...)
	item.end = len(b.data)
	if b.items = append(b.items, item); len(b.items) == batchItems || len(b.data) >= batchBytes {
		return f.send()
	}
	return nil
}

// send hands the batch over, be it full or not.
func (f *feeder) send() error {
	if f.batch == nil {
		return nil
	}
	b := f.batch
	f.batch = nil
	if f.vacant > 0 {
		f.vacant--
		f.hire()
	}
	f.work <- b // both have room for all batches there are
	f.ordered <- b
	if f.o.Progress != nil {
		f.o.Progress(f.read)
	}
	return nil
}

// judge judges the messages of a batch.
func (b *batch) judge(j *rules.Judge) {
	for i := range b.items {
		item := &b.items[i]
		if item.Err != nil {
			continue
		}
		m, err := hl7.Parse(b.data[item.start:item.end:item.end])
		if err != nil {
			item.Err = err
			continue
		}
		for len(b.reports) <= i {
			b.reports = append(b.reports, &rules.Report{})
		}
		item.Report = b.reports[i]
		j.Message(item.Report, m)
	}
}

// deliver hands the items over in order.
func deliver(ctx context.Context, o Options, ordered <-chan *batch, free chan<- *batch, each func(*Item) error) error {
	var p pairs
	for b := range ordered {
		<-b.judged
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range b.items {
			item := &b.items[i]
			if item.Report != nil {
				p.pair(o.Judge, item.Report)
				if o.Follow != nil {
					o.Follow(item.Report)
				}
			}
			if err := each(item); err != nil {
				return err
			}
		}
		b.shed()
		free <- b
	}
	return nil
}
