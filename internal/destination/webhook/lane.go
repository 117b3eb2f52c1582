package webhook

import (
	"container/heap"
	"time"
)

// lane is the messages of one profile, which go one after the other. It is in ready
// or in waiting, or its first message is under way.
type lane struct {
	queue []*message // never empty
	due   time.Time  // of the first message's next try
}

// enqueue puts a message at the end of its lane.
func (s *session) enqueue(m *message) {
	l := s.lanes[m.lane]
	if l == nil {
		l = &lane{}
		s.lanes[m.lane] = l
		s.ready = append(s.ready, l)
	}
	l.queue = append(l.queue, m)
}

// advance takes a lane's first message away, which was under way.
func (s *session) advance(m *message) {
	l := s.lanes[m.lane]
	l.queue[0] = nil
	l.queue = l.queue[1:]
	if len(l.queue) == 0 {
		delete(s.lanes, m.lane)
		return
	}
	s.ready = append(s.ready, l)
}

// laneHeap orders lanes by their next try.
type laneHeap []*lane

var _ heap.Interface = (*laneHeap)(nil)

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h laneHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *laneHeap) Push(x any)        { *h = append(*h, x.(*lane)) }

// Pop gives up the last one, as container/heap asks.
func (h *laneHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
