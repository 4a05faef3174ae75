package survey

import (
	"context"

	"visavis/internal/seat"
)

// TakeEasy keeps that it was easy for somebody who was asked a moment ago, whatever has happened since.
func (s *Service) TakeEasy(ctx context.Context, x seat.Seat) (first bool, err error) {
	return s.take(ctx, x, said{answers: map[Question]Answer{Easy: Yes}})
}
