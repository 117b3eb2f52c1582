package warehouse

import (
	"fmt"
	"slices"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Decode reads consecutive values of one partition of a topic. The part shares
// nothing with values. It fails with code emitted_format for a value of a format
// that this version cannot read, and with warehouse_gap for a number out of turn.
func Decode(topic string, partition int32, from uint64, values []record.Emitted) (Part, error) {
	p := Part{Topic: topic, Partition: partition, From: from, To: from + uint64(len(values))}
	size := 0
	for i := range values {
		if values[i].Number != from+uint64(i) {
			return p, errs.New("warehouse_gap", "a number is missing in the emitted topic").At(fmt.Sprintf("%s/%d at %d", topic, partition, from+uint64(i)))
		}
		size += len(values[i].Value)
	}
	bytes := make([]byte, 0, size) // decoded values alias it
	var attrs []record.Attr        // shared by the part's facts
	for i := range values {
		start := len(bytes)
		bytes = append(bytes, values[i].Value...)
		var err error
		if attrs, err = p.decode(bytes[start:len(bytes):len(bytes)], attrs, len(values)); err != nil {
			return p, fmt.Errorf("%s/%d at %d: %w", topic, partition, from+uint64(i), err)
		}
	}
	return p, nil
}

func (p *Part) decode(b []byte, attrs []record.Attr, n int) ([]record.Attr, error) {
	var err error
	switch p.Topic {
	case record.TopicChanges:
		var v record.Profile
		v, err = record.DecodeProfile(b)
		p.Profiles = append(slices.Grow(p.Profiles, n-len(p.Profiles)), v)
	case record.TopicMoves:
		var v record.Move
		v, err = record.DecodeMove(b)
		p.Moves = append(slices.Grow(p.Moves, n-len(p.Moves)), v)
	case record.TopicFacts:
		var v record.Fact
		v.Attrs = attrs[len(attrs):]
		err = record.DecodeFact(b, &v)
		if len(v.Attrs) <= cap(attrs)-len(attrs) { // they lie in the shared slice
			attrs = attrs[:len(attrs)+len(v.Attrs)]
		} else {
			attrs = make([]record.Attr, 0, max(64, min(n, 2000)*len(v.Attrs)))
		}
		v.Attrs = v.Attrs[:len(v.Attrs):len(v.Attrs)]
		p.Facts = append(slices.Grow(p.Facts, n-len(p.Facts)), v)
	case record.TopicDispositions:
		var v record.Disposition
		v, err = record.DecodeDisposition(b)
		p.Dispositions = append(slices.Grow(p.Dispositions, n-len(p.Dispositions)), v)
	default:
		return attrs, errs.New("warehouse_topic", "the warehouse does not hold topic "+p.Topic)
	}
	return attrs, err
}

// halve splits a step in two that load one after the other; ok is false for a step
// of one record.
func (s *Step) halve() (first, second *Step, ok bool) {
	want := s.Rows() / 2
	if want == 0 {
		return nil, nil, false
	}
	first, second = &Step{}, &Step{}
	for i := range s.Parts {
		p := s.Parts[i]
		if n := p.Rows(); n <= want {
			first.Parts = append(first.Parts, p)
			want -= n
			continue
		}
		if want > 0 {
			a, b := p.cut(want)
			first.Parts = append(first.Parts, a)
			p, want = b, 0
		}
		second.Parts = append(second.Parts, p)
	}
	return first, second, true
}

// cut splits a part after its first n records.
func (p Part) cut(n int) (a, b Part) {
	a, b = p, p
	a.To = p.From + uint64(n)
	b.From = a.To
	a.Profiles, b.Profiles = split(p.Profiles, n)
	a.Moves, b.Moves = split(p.Moves, n)
	a.Facts, b.Facts = split(p.Facts, n)
	a.Dispositions, b.Dispositions = split(p.Dispositions, n)
	return a, b
}

func split[T any](s []T, n int) (a, b []T) {
	if len(s) == 0 {
		return nil, nil
	}
	return s[:n], s[n:]
}
