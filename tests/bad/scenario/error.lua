local function f() error("mine") end
f()

