-- Of replicas that have equally few requests, Kong's least-connections takes the same two again and again. The one that was
-- asked last weighs a hair less than it did, so that all take turns. These fields are Kong 3.9's own; without them nothing
-- changes. A counter that begins again costs nothing: so many requests overlap.
return function()
  local data = ngx.ctx.balancer_data
  local address = data and data.balancer_handle and data.balancer_handle.address
  if address and address.weight and address.target then
    data.balancer.gateway_turn = ((data.balancer.gateway_turn or 0) + 1) % 1e9
    address.weight = address.target.weight - data.balancer.gateway_turn * 1e-10
  end
end
