package drawing

// style is written without variables, which not everything that shows SVG knows.
// The colours are those of internal/sequence; no two meanings differ by colour alone.
const style = `<style>
.flowgraph text { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #16191f;
  paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.flowgraph .title { font-size: 20px; font-weight: 600; }
.flowgraph .name { font-size: 16px; font-weight: 600; stroke: none; }
.flowgraph .soft { fill: #545c69; }
.flowgraph .inner { font-size: 12px; stroke: none; }
.flowgraph .number { fill: #ffffff; font-weight: 700; stroke: none; }
.flowgraph .paper { fill: #ffffff; }
.flowgraph .actor > * { fill: #e3edfb; stroke: #0b57b0; stroke-width: 1.5; }
.flowgraph .thing > * { fill: #f5f6f8; stroke: #545c69; stroke-width: 1.5; }
.flowgraph .thing > .fold { fill: none; }
.flowgraph .line { fill: none; stroke: #0b57b0; stroke-width: 2.2; }
.flowgraph .head { fill: #0b57b0; }
.flowgraph .forbidden .line { stroke: #a83200; stroke-width: 1.6; }
.flowgraph .forbidden .head { fill: #a83200; }
.flowgraph .back .line { stroke: #6b3fa0; stroke-dasharray: 7 5; stroke-width: 1.8; }
.flowgraph .back .head { fill: #6b3fa0; }
.flowgraph .attempt .line { stroke: #545c69; stroke-dasharray: 2 4; stroke-width: 1.4; }
.flowgraph .attempt .head { fill: #545c69; }
.flowgraph .finding .line { stroke: #a83200; stroke-width: 4; }
.flowgraph .finding .head { fill: #a83200; stroke: #a83200; stroke-width: 3; stroke-linejoin: round; }
.flowgraph .cross { fill: none; stroke: #a83200; stroke-width: 3.4; stroke-linecap: round; }
.flowgraph .badge { fill: #a83200; stroke: #ffffff; stroke-width: 1.5; }
.flowgraph text.wanted { fill: #0b57b0; }
.flowgraph text.forbidden, .flowgraph text.finding { fill: #a83200; }
.flowgraph text.back { fill: #6b3fa0; }
.flowgraph text.finding { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .flowgraph text { fill: #e8eaee; stroke: #14171c; }
  .flowgraph .soft { fill: #a7afbc; }
  .flowgraph .number { fill: #14171c; stroke: none; }
  .flowgraph .paper { fill: #14171c; }
  .flowgraph .actor > * { fill: #17304f; stroke: #8ab8ff; }
  .flowgraph .thing > * { fill: #2a2f38; stroke: #a7afbc; }
  .flowgraph .line { stroke: #8ab8ff; }
  .flowgraph .head { fill: #8ab8ff; }
  .flowgraph .forbidden .line, .flowgraph .finding .line, .flowgraph .finding .head { stroke: #ffab82; }
  .flowgraph .forbidden .head, .flowgraph .finding .head { fill: #ffab82; }
  .flowgraph .back .line { stroke: #cfb3f5; }
  .flowgraph .back .head { fill: #cfb3f5; }
  .flowgraph .attempt .line { stroke: #a7afbc; }
  .flowgraph .attempt .head { fill: #a7afbc; }
  .flowgraph .cross { stroke: #ffab82; }
  .flowgraph .badge { fill: #ffab82; stroke: #14171c; }
  .flowgraph text.wanted { fill: #8ab8ff; }
  .flowgraph text.forbidden, .flowgraph text.finding { fill: #ffab82; }
  .flowgraph text.back { fill: #cfb3f5; }
}
</style>
`
