"""How far each pin of a row can be taken, and what stands in the way of the next step up."""
